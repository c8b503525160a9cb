import { type DocumentNode, print } from 'graphql';
import { graphql } from '../../gql';
import type { ExportKind } from '../../lib/export';
import type { ListKind } from './address';

export const exportPayloads = graphql(`
  query ExportPayloads($filter: PayloadFilter, $orderBy: PayloadOrder, $first: Int, $after: String) {
    payloads(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      nodes {
        requestId
        orgId
        account
        inventoryId
        systemId
        startedAt
        updatedAt
        duration
        verdict {
          state
          sentence
          final
          servicesPassed
          quietSince
          coveredFailures
          failure {
            service
            source
            status
            message
            at
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const exportStatuses = graphql(`
  query ExportStatuses($filter: StatusFilter, $orderBy: StatusOrder, $first: Int, $after: String) {
    statuses(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      nodes {
        requestId
        service
        source
        status
        message
        date
        takenInAt
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const text = (document: unknown) => print(document as DocumentNode);

const payloads: ExportKind = {
  name: 'payloads',
  document: text(exportPayloads),
  columns: [
    'requestId',
    'verdict.state',
    'verdict.sentence',
    'verdict.failure.service',
    'verdict.failure.source',
    'verdict.failure.status',
    'verdict.failure.message',
    'verdict.failure.at',
    'orgId',
    'account',
    'inventoryId',
    'systemId',
    'startedAt',
    'updatedAt',
    'duration',
    'verdict.final',
    'verdict.servicesPassed',
    'verdict.quietSince',
    'verdict.coveredFailures',
  ],
  rest: { orgId: 'org_id', account: 'account', inventoryId: 'inventory_id', systemId: 'system_id' },
  restTime: { field: 'startedAt', parameter: 'created_at' },
  restSort: { startedAt: 'created_at' },
};

export const exportKinds: Record<ListKind['path'], ExportKind> = {
  '/payloads': payloads,
  '/stalled': payloads,
  '/statuses': {
    name: 'statuses',
    document: text(exportStatuses),
    columns: ['requestId', 'service', 'source', 'status', 'message', 'date', 'takenInAt'],
    rest: { service: 'service', source: 'source', status: 'status', message: 'status_msg' },
    restTime: { field: 'date', parameter: 'date' },
    restSort: { date: 'date' },
  },
};
