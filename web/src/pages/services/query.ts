import { graphql } from '../../gql';
import type { ServicesQuery } from '../../gql/graphql';

export const servicesQuery = graphql(`
  query Services($window: Window!, $filter: NumbersFilter) {
    services(window: $window, filter: $filter) {
      name
      received
      succeeded
      failed
      open
      retried
      successRate
      duration {
        p50
        p95
        p99
      }
      before {
        received
        failed
        successRate
        duration {
          p50
          p95
          p99
        }
      }
      trend {
        at
        received
        succeeded
        failed
        p95
      }
    }
  }
`);

/** The trend of one service in another window. */
export const trendQuery = graphql(`
  query ServiceTrend($window: Window!, $filter: NumbersFilter) {
    services(window: $window, filter: $filter) {
      name
      trend {
        at
        received
        succeeded
        failed
        p95
      }
    }
  }
`);

export const slowestQuery = graphql(`
  query Slowest($window: Window!, $service: String!, $orgId: String) {
    slowest(window: $window, service: $service, orgId: $orgId, first: 10) {
      nodes {
        ...ListedPayload
      }
    }
  }
`);

export type ServiceNumbers = ServicesQuery['services'][number];
