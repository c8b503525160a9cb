import { Label } from '@patternfly/react-core/dist/esm/components/Label';
import type { StageState, VerdictState } from '../gql/graphql';

type Look = { text: string; status?: 'success' | 'warning' | 'danger' | 'info' };

const verdicts: Record<VerdictState, Look> = {
  SUCCEEDED: { text: 'Succeeded', status: 'success' },
  FAILED: { text: 'Failed', status: 'danger' },
  STALLED: { text: 'Stalled', status: 'warning' },
  IN_PROGRESS: { text: 'In progress', status: 'info' },
};

const stages: Record<StageState, Look> = {
  SUCCEEDED: { text: 'Succeeded', status: 'success' },
  FAILED: { text: 'Failed', status: 'danger' },
  PROCESSING: { text: 'Processing', status: 'info' },
  RECEIVED: { text: 'Received', status: 'info' },
  HANDED_OVER: { text: 'Handed over' },
};

/** The state of a payload: colour, icon and word. */
export function VerdictLabel({ state, isCompact = true }: { state: VerdictState; isCompact?: boolean }) {
  const { text, status } = verdicts[state];
  return (
    <Label status={status} isCompact={isCompact}>
      {text}
    </Label>
  );
}

/** The state of one stage, in the same colours. */
export function StageLabel({ state }: { state: StageState }) {
  const { text, status } = stages[state];
  return (
    <Label status={status} isCompact variant="outline">
      {text}
    </Label>
  );
}

export const stageWord = (state: StageState): string => stages[state].text;
