import { addressOf, type Condition } from '../../lib/filter';
import { asConditions } from '../../lib/window';
import type { NumbersAddress } from './address';

/** The list of the payloads that a number counts, as near as a list's filter comes to it. */
export function payloadsAddress(
  { stretch, conditions }: Pick<NumbersAddress, 'stretch' | 'conditions'>,
  service: string,
  fate: 'failed' | null,
): string {
  const kept = conditions.filter(({ field }) => field === 'orgId' || field === 'source');
  const there: Condition[] =
    fate === 'failed'
      ? [{ field: 'failedService', op: 'is', value: service }, ...asConditions('failedAt', stretch)]
      : [{ field: 'service', op: 'is', value: service }, ...asConditions('startedAt', stretch)];
  return addressOf('/payloads', [...there, ...kept]);
}
