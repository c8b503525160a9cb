// What a Relay client writes against this API: the compiler has to take it. Nothing runs it.
import { graphql } from 'react-relay';

// A list that pages both ways, by one connection.
export const list = graphql`
  fragment PayloadList_query on Query
  @argumentDefinitions(
    filter: { type: "PayloadFilter" }
    orderBy: { type: "PayloadOrder" }
    count: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
  )
  @refetchable(queryName: "PayloadListPageQuery") {
    payloads(filter: $filter, orderBy: $orderBy, first: $count, after: $after, last: $last, before: $before)
      @connection(key: "PayloadList_payloads", filters: ["filter", "orderBy"]) {
      edges {
        cursor
        node {
          id
          requestId
          verdict {
            state
            sentence
          }
          ...Payload_payload
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`;

// A payload that is read again by its global id, and its timeline that pages by itself.
export const payload = graphql`
  fragment Payload_payload on Payload
  @argumentDefinitions(last: { type: "Int", defaultValue: 5 }, before: { type: "String" })
  @refetchable(queryName: "PayloadTimelineQuery") {
    requestId
    timeline(last: $last, before: $before) @connection(key: "Payload_timeline") {
      edges {
        node {
          id
          service
          status
          message
          date
        }
      }
    }
  }
`;

export const one = graphql`
  query PayloadListQuery($id: RequestID!, $filter: PayloadFilter) {
    payload(by: { requestId: $id }) {
      ...Payload_payload
    }
    ...PayloadList_query @arguments(filter: $filter)
  }
`;
