import { graphql } from '../../gql';

/** How many payloads a filter has. */
export const payloadsTotal = graphql(`
  query PayloadsTotal($filter: PayloadFilter) {
    payloads(filter: $filter, first: 0) {
      total {
        value
        exact
      }
    }
  }
`);
