import { graphql } from '../../gql';
import type { FlowQuery } from '../../gql/graphql';

export const flowQuery = graphql(`
  query Flow($window: Window!, $filter: NumbersFilter) {
    flow(window: $window, filter: $filter) {
      nodes {
        service
        payloads
        failed
      }
      edges {
        from
        to
        payloads
        failed
        handover {
          p50
          p95
        }
      }
    }
  }
`);

export type FlowNode = FlowQuery['flow']['nodes'][number];
export type FlowEdge = FlowQuery['flow']['edges'][number];
