/** The sidebar of the editor: the operators' page in a frame of its own, so that nothing of a message comes near the editor. */
import type { SidebarTab } from '../editor/red.js';

RED.plugins.registerPlugin('pkb-operator', {
  type: 'pkb-operator',
  onadd() {
    RED.sidebar.addTab(tab());
  },
});

function tab(): SidebarTab {
  const name = 'PKB messages';
  const frame = document.createElement('iframe');
  frame.title = name;
  frame.style.cssText = 'border: 0; width: 100%; height: 100%; min-width: 300px';
  const content = document.createElement('div');
  content.style.height = '100%';
  content.append(frame);
  // Nothing is asked before somebody looks at it.
  const watch = new IntersectionObserver((seen) => {
    if (frame.src === '' && seen.some(({ isIntersecting }) => isIntersecting))
      frame.src = `${RED.settings.apiRootUrl ?? ''}pkb`;
  });
  watch.observe(content);
  return {
    id: 'pkb-operator',
    label: 'PKB',
    name,
    iconClass: 'fa fa-envelope-o',
    content,
    enableOnEdit: true,
  };
}
