import { stored } from './stored';

export const zones = { utc: 'UTC', local: 'Local time' } as const;

export type Zone = keyof typeof zones;

/** Whether times are shown in UTC, as logs have them, or as the reader's clock has them. */
export const zone = stored<Zone>('pt.times', (kept) => (kept === 'local' ? 'local' : 'utc'));
