import { describe, expect, test } from 'vitest';
import { type ChartedStage, describeHandover, layOut, remarks } from './gantt';

const noon = Date.parse('2026-11-25T12:00:00Z');
const at = (ms: number) => new Date(noon + ms).toISOString();

/** Events as [status, date, taken in], in milliseconds since noon; taken in when they happened unless said. */
function stage(service: string, ...events: [status: string, date: number, taken?: number][]): ChartedStage {
  const dates = events.map(([, date]) => date);
  return {
    service,
    state: 'SUCCEEDED',
    startedAt: at(Math.min(...dates)),
    endedAt: at(Math.max(...dates)),
    statuses: {
      nodes: events.map(([status, date, taken = date]) => ({ status, date: at(date), takenInAt: at(taken) })),
      pageInfo: { hasNextPage: false },
    },
  };
}

const rows = (...stages: ChartedStage[]) => layOut(stages).rows;

describe('hand-overs', () => {
  test('come from the service that ended last before', () => {
    const [first, , third] = rows(
      stage('a', ['received', 0], ['success', 100]),
      stage('b', ['received', 150], ['success', 300]),
      stage('c', ['received', 420], ['success', 500]),
    );
    expect(first?.handover).toBeNull();
    expect(third?.handover).toEqual({ from: 'b', ms: 120 });
    expect(third?.handover && describeHandover(third.handover)).toBe('120 ms after b');
  });

  test('there is none from what was still running, nor within a service', () => {
    const [, second, third] = rows(
      stage('a', ['received', 0], ['success', 100]),
      stage('b', ['received', 50], ['success', 300]),
      stage('a', ['received', 200], ['success', 300]),
    );
    expect(second?.handover).toBeNull();
    expect(third?.handover).toBeNull();
  });

  test('at once', () => {
    expect(describeHandover({ from: 'a', ms: 0 })).toBe('at once after a');
  });
});

describe('retries', () => {
  test.each([
    [['received', 'processing', 'success'], 0],
    [['received', 'error', 'failed'], 0],
    [['received', 'error', 'received', 'success'], 1],
    [['received', 'error', 'success'], 1],
    [['received', 'error', 'received', 'error', 'received', 'success'], 2],
    [['received', 'success', 'success'], 0],
  ])('%j: %d', (words, want) => {
    const [row] = rows(stage('a', ...words.map((word, i) => [word, i] as [string, number])));
    expect(row?.retries).toBe(want);
  });
});

describe('what is odd about an event', () => {
  test('late: a newer one had been taken in before', () => {
    const [row] = rows(stage('a', ['received', 0, 9000], ['processing', 100], ['success', 200]));
    expect(row).toMatchObject({ late: 1, ahead: 0 });
    expect(row?.marks[0]?.oddities).toEqual(['late']);
    expect(row && remarks(row)).toEqual(['1 event came late']);
  });

  test('ahead: dated after it was taken in, which makes the others no later', () => {
    const [row] = rows(stage('a', ['received', 0, 5000], ['processing', 60_000, 100], ['success', 200, 5000]));
    expect(row).toMatchObject({ late: 0, ahead: 1 });
  });

  test('what had to wait with all others is not late, whatever came out first', () => {
    const backlog = 1_800_000;
    const [row] = rows(
      stage('a', ['received', 0, backlog + 9000], ['processing', 100, backlog], ['success', 200, backlog]),
    );
    expect(row).toMatchObject({ late: 0, ahead: 0 });
    const [late] = rows(stage('a', ['received', 0, backlog + 900_000], ['success', 200, backlog]));
    expect(late).toMatchObject({ late: 1 });
  });

  test('a batch and small differences of clocks are nothing', () => {
    const [row] = rows(stage('a', ['received', 0, 900], ['success', 800, 500]));
    expect(row).toMatchObject({ late: 0, ahead: 0 });
  });
});

describe('the picture', () => {
  test('gaps are where no stage lies', () => {
    const { gaps, length } = layOut([
      stage('a', ['received', 0], ['success', 100]),
      stage('b', ['received', 50], ['success', 200]),
      stage('c', ['received', 900], ['success', 1000]),
    ]);
    expect(length).toBe(1000);
    expect(gaps).toEqual([{ from: 200, to: 900 }]);
  });

  test.each([
    [0, [0]],
    [10, [0, 2, 4, 6, 8, 10]],
    [4200, [0, 1000, 2000, 3000, 4000]],
    [22 * 60_000, [0, 300_000, 600_000, 900_000, 1_200_000]],
  ])('%d ms has round ticks', (length, want) => {
    const stages = [stage('a', ['received', 0], ['success', length])];
    expect(layOut(stages).ticks).toEqual(want);
  });
});
