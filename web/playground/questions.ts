/** A question with values to replace by one's own, as a tab of its own. */
interface Question {
  query: string;
  variables?: string;
}

/** What people come to ask; each is one request. */
export const questions: Question[] = [
  {
    query: `# What runs now? Take a requestId from the answer for the other tabs.
query Newest {
  payloads(first: 20) {
    nodes { requestId orgId startedAt verdict { state sentence } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    total { value exact }
  }
}
`,
  },
  {
    query: `# Where is it now, what happened before, and why did it fail?
query Payload($id: RequestID!) {
  payload(by: { requestId: $id }) {
    id requestId orgId account inventoryId systemId
    startedAt updatedAt takenInAt duration
    verdict {
      state sentence final servicesPassed quietSince stallsAt coveredFailures
      failure { service source status message at }
    }
    current { service source status message date }
    timeline(last: 5) { nodes { id service source status message date sincePrevious } }
    stages {
      service source state startedAt endedAt duration
      failure { status message at }
      statuses(first: 50) { nodes { status message date } }
    }
    hosts(first: 20) { nodes { inventoryId systemId } }
    links { archive logs trace }
  }
}
`,
    variables: '{ "id": "00000000000000000000000000000000" }',
  },
  {
    query: `# This machine's uploads, newest first.
query Machine($id: String!) {
  payloads(filter: { systemId: { eq: $id } }, first: 20) {
    nodes { requestId startedAt verdict { state sentence } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    total { value exact }
  }
}
`,
    variables: '{ "id": "00000000-0000-0000-0000-000000000000" }',
  },
  {
    query: `# What failed in inventory in the last day? Add orgId: { eq: "…" } for one customer.
query Failed {
  payloads(
    filter: { failedService: { eq: "inventory-mq-service" }, failedAt: { since: "PT24H" } }
    orderBy: { field: FAILED_AT, direction: DESC }
  ) {
    nodes { requestId orgId verdict { sentence failure { source status message at } } }
  }
}
`,
  },
  {
    query: `# Single statuses, by service, source, status, text and date.
query Statuses {
  statuses(
    filter: { service: { in: ["puptoo", "inventory-mq-service"] }, status: { eq: "error" }, message: { contains: "timeout" }, date: { since: "PT24H" } }
    orderBy: { field: DATE, direction: DESC }
    first: 50
  ) {
    nodes { service source status message date payload { requestId verdict { state } } }
  }
}
`,
  },
  {
    query: `# Whatever this id is.
query Find($id: String!) {
  find(id: $id) {
    kinds
    payloads(first: 5) { nodes { requestId verdict { sentence } } }
  }
}
`,
    variables: '{ "id": "" }',
  },
  {
    query: `# What hangs?
query Hanging {
  payloads(
    filter: { verdict: { in: [STALLED] } }
    orderBy: { field: QUIET_SINCE, direction: ASC }
    first: 50
  ) {
    nodes { requestId verdict { sentence quietSince } }
  }
}
`,
  },
  {
    query: `# Why do uploads fail today? One row for each kind of failure; payloads(filter: { fingerprint: { eq: "…" } }) has all of one.
query Failures {
  failures(window: { since: "PT24H" }) {
    fingerprint sample service source
    total open firstSeen lastSeen isNew orgs share
    trend { at count }
    payloads(first: 3) { nodes { requestId } }
  }
}
`,
  },
  {
    query: `# How does the platform do, and what is slow? Add filter: { orgId: { eq: "…" } } for one customer.
query Platform {
  services(window: { since: "PT24H" }) {
    name received succeeded failed open retried successRate
    duration { p50 p95 p99 }
    before { successRate duration { p95 } }
    trend { at received failed p95 }
  }
  flow(window: { since: "PT1H" }) {
    nodes { service payloads failed }
    edges { from to payloads failed handover { p50 p95 } }
  }
  slowest(window: { since: "PT24H" }, first: 10) { nodes { requestId duration } }
}
`,
  },
  {
    query: `# What is different about this one? Compare b with a, which went well.
query Compare($a: RequestID!, $b: RequestID!) {
  compare(a: $a, b: $b) {
    stages { service source a { state duration } b { state duration } ratio }
    onlyInA onlyInB
  }
}
`,
    variables: '{ "a": "00000000000000000000000000000000", "b": "00000000000000000000000000000000" }',
  },
  {
    query: `# Is the tracker itself well? How far it has taken in what services say, and what it could not make sense of.
query Ingest {
  ingest {
    partitions { topic partition position end lag }
    brokerProblem eventsPerSecond oldestEvent lateEvents
    lastEvent { service date }
    unknownStatuses { status service count }
    deadLetters { reason service count lastAt sample }
  }
}
`,
  },
  {
    query: `# What comes in now? The play button starts it, and stops it. Narrow it with filter: { service: { eq: "puptoo" } }.
subscription Live {
  statuses {
    service source status message date
    payload { requestId orgId verdict { state } }
  }
}
`,
  },
  {
    query: `# How does it go on? At once, and at each change until the verdict is final; the id need not be known yet.
subscription Follow($id: RequestID!) {
  payload(requestId: $id) {
    requestId duration
    verdict { state sentence final }
    current { service status date }
    stages { service source state duration }
  }
}
`,
    variables: '{ "id": "00000000000000000000000000000000" }',
  },
];
