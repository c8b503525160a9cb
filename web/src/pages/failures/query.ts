import { graphql } from '../../gql';
import type { FailuresQuery } from '../../gql/graphql';

export const failuresQuery = graphql(`
  query Failures($window: Window!, $filter: FailureFilter) {
    failures(window: $window, filter: $filter) {
      fingerprint
      service
      source
      sample
      total
      open
      firstSeen
      lastSeen
      trend {
        at
        count
      }
      isNew
      orgs
      share
      payloads(first: 3) {
        nodes {
          id
          requestId
        }
      }
    }
  }
`);

export type FailureGroup = FailuresQuery['failures'][number];
