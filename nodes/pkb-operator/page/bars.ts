/** Bars of several parts, one for each hour or day. Who does not see them is told the words. */

const HEIGHT = 90;
const WIDTH = 10;
const SVG = 'http://www.w3.org/2000/svg';

/** A bar. */
export interface Bar<P extends string> {
  /** What it says when it is pointed at. */
  readonly title: string;
  readonly counts: Readonly<Record<P, number>>;
}

/**
 * Draws bars.
 *
 * @param parts the classes of the parts, from the foot up
 * @param words what the picture says as a whole
 */
export function barsOf<P extends string>(
  parts: readonly P[],
  all: readonly Bar<P>[],
  words: string,
): SVGElement {
  const sumOf = ({ counts }: Bar<P>): number => parts.reduce((sum, part) => sum + counts[part], 0);
  const most = Math.max(1, ...all.map(sumOf));
  const svg = make('svg', {
    viewBox: `0 0 ${all.length * WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': words,
  });
  for (const [i, { title, counts }] of all.entries()) {
    const shown = make('title', {});
    shown.textContent = title;
    const group = make('g', {});
    group.append(shown);
    let foot = HEIGHT;
    for (const part of parts) {
      const height = (counts[part] / most) * HEIGHT;
      foot -= height;
      group.append(make('rect', { class: part, x: i * WIDTH + 1, y: foot, width: WIDTH - 2, height }));
    }
    svg.append(group);
  }
  return svg;
}

function make(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
