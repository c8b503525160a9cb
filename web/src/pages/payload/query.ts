import { graphql } from '../../gql';
import type { PayloadPartsFragment } from '../../gql/graphql';

graphql(`
  fragment Event on Status {
    id
    service
    source
    status
    message
    date
    takenInAt
    sincePrevious
  }
`);

graphql(`
  fragment PayloadParts on Payload {
    id
    requestId
    orgId
    account
    inventoryId
    systemId
    startedAt
    updatedAt
    takenInAt
    duration
    verdict {
      state
      sentence
      final
      servicesPassed
      quietSince
      stallsAt
      coveredFailures
      failure {
        service
        source
        status
        message
        at
        fingerprint
      }
    }
    stages {
      service
      source
      state
      startedAt
      endedAt
      duration
      words
      failure {
        status
        message
        at
      }
      statuses(first: 50) {
        nodes {
          status
          date
          takenInAt
        }
        pageInfo {
          hasNextPage
        }
      }
    }
    timeline(last: 50) {
      nodes {
        ...Event
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
    hosts(first: 20) {
      nodes {
        inventoryId
        systemId
      }
      pageInfo {
        hasNextPage
      }
    }
    links {
      archive
      logs
      trace
    }
  }
`);

export type FullPayload = PayloadPartsFragment;

export const payloadQuery = graphql(`
  query Payload($id: RequestID!) {
    payload(by: { requestId: $id }) {
      ...PayloadParts
    }
  }
`);

export const payloadLive = graphql(`
  subscription PayloadLive($id: RequestID!) {
    payload(requestId: $id) {
      ...PayloadParts
    }
  }
`);

export const timelineQuery = graphql(`
  query PayloadTimeline($id: RequestID!, $first: Int, $after: String, $last: Int, $before: String) {
    payload(by: { requestId: $id }) {
      id
      timeline(first: $first, after: $after, last: $last, before: $before) {
        nodes {
          ...Event
        }
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
      }
    }
  }
`);

export const hostsQuery = graphql(`
  query PayloadHosts($id: RequestID!) {
    payload(by: { requestId: $id }) {
      id
      hosts(first: 500) {
        nodes {
          inventoryId
          systemId
        }
        pageInfo {
          hasNextPage
        }
      }
    }
  }
`);
