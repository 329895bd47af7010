import { errorOf } from '../../editor/dialog.js';
import type { EditorNode } from '../../editor/red.js';

/**
 * Why a request to one of pkb-send's routes failed.
 *
 * @param otherwise key of the text where the route says nothing
 */
export function explain(node: EditorNode, request: JQuery.jqXHR, otherwise: string): string {
  if (request.status === 401) return node._('pkb-send.failed.forbidden');
  return errorOf(request) ?? node._(otherwise);
}
