import { formatDuration } from '../../lib/duration';
import { formatCount, formatShare, shareOf } from '../../lib/numbers';
import { count } from '../../lib/sentence';
import type { FlowEdge, FlowNode } from './query';

/** "42 failed (1.4 %)", "none failed". */
export function describeFailed({ payloads, failed }: { payloads: number; failed: number }): string {
  const share = shareOf(failed, payloads);
  return failed === 0 || share === null ? 'none failed' : `${formatCount(failed)} failed (${formatShare(share)})`;
}

export function describeNode(node: FlowNode): string {
  return `${node.service}: ${count(node.payloads, 'payload')}, ${describeFailed(node)}`;
}

export function describeEdge(edge: FlowEdge): string {
  const { handover } = edge;
  const waited = handover
    ? `, handed over in ${formatDuration(handover.p50)} (p50), ${formatDuration(handover.p95)} (p95)`
    : '';
  const way = edge.from === edge.to ? `${edge.from} again` : `${edge.from} to ${edge.to}`;
  return `${way}: ${count(edge.payloads, 'payload')}, ${describeFailed(edge)}${waited}`;
}
