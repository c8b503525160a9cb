import { graphql } from '../../gql';
import type { IngestQuery } from '../../gql/graphql';

export const ingestQuery = graphql(`
  query Ingest {
    ingest {
      partitions {
        topic
        partition
        position
        end
        lag
      }
      brokerProblem
      eventsPerSecond
      oldestEvent
      lateEvents
      lastEvent {
        service
        date
      }
      unknownStatuses {
        status
        service
        count
      }
      deadLetters {
        reason
        service
        count
        firstAt
        lastAt
        sample
      }
    }
  }
`);

export type Ingest = IngestQuery['ingest'];
