import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { formatCount, formatShare, shareOf } from '../../lib/numbers';
import { useStored } from '../../lib/stored';
import { zone } from '../../lib/zone';
import { useTimeLabel } from '../../parts/Time';
import { stepAt, stepsOf, type TrendProps, writeLength } from './steps';

/** The same facts in words, the newest step first. */
export function TrendTable({ points, before, service }: TrendProps & { service: string }) {
  const shownZone = useStored(zone);
  const then = stepsOf(before, shownZone);
  const time = useTimeLabel('Time');
  return (
    <section aria-labelledby="steps" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="steps">
        Step by step <span className="pt-subtle">newest first</span>
      </Title>
      <Table
        aria-label={`Trend of ${service}`}
        variant="compact"
        gridBreakPoint="grid-lg"
        className="pt-table pt-numbers"
      >
        <Thead>
          <Tr>
            <Th modifier="nowrap">{time}</Th>
            <Th modifier="nowrap">Received</Th>
            <Th modifier="nowrap">Failed</Th>
            <Th modifier="nowrap">Success rate</Th>
            <Th modifier="nowrap">p95</Th>
            {then.length > 0 && <Th modifier="nowrap">p95 before</Th>}
          </Tr>
        </Thead>
        <Tbody>
          {stepsOf(points, shownZone)
            .toReversed()
            .map((step) => {
              const rate = shareOf(step.succeeded, step.succeeded + step.failed);
              const other = stepAt(then, step.slot);
              return (
                <Tr key={step.when}>
                  <Td dataLabel={time} className="pt-time">
                    {step.when}
                  </Td>
                  <Td dataLabel="Received">{formatCount(step.received)}</Td>
                  <Td dataLabel="Failed">{formatCount(step.failed)}</Td>
                  <Td dataLabel="Success rate">{rate === null ? <None /> : formatShare(rate)}</Td>
                  <Td dataLabel="p95">{writeLength(step.p95)}</Td>
                  {then.length > 0 && <Td dataLabel="p95 before">{writeLength(other?.p95 ?? null)}</Td>}
                </Tr>
              );
            })}
        </Tbody>
      </Table>
    </section>
  );
}

const None = () => <span className="pt-none">–</span>;
