/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/**
 * A stretch of lengths of time, such as `{gte: "PT10M"}`: ten minutes or more.
 * Either end may be absent.
 */
export type DurationRange = {
  /** At least so long. */
  gte?: string | null | undefined;
  /** Shorter than this. */
  lt?: string | null | undefined;
};

/** What an id can name. */
export type IdKind =
  /** A host, by the inventory's id. */
  | 'INVENTORY'
  /** A payload, by its request id. */
  | 'REQUEST'
  /** A machine, by its own id. */
  | 'SYSTEM';

/**
 * Which payloads; all that is given must hold. Null means the same as absent.
 * Conditions that can never hold together are an error, such as a failure of
 * payloads that succeeded.
 */
export type PayloadFilter = {
  /** The customer's legacy account number. */
  account?: WordFilter | null | undefined;
  /** From the first event to the newest. */
  duration?: DurationRange | null | undefined;
  /** Date of the verdict's failure: failed payloads only. */
  failedAt?: Window | null | undefined;
  /** The service of the verdict's failure. */
  failedService?: WordFilter | null | undefined;
  /** The message of the verdict's failure, its first 1,024 bytes. */
  failureMessage?: TextFilter | null | undefined;
  /** A host the payload named, by the inventory's id. */
  inventoryId?: WordFilter | null | undefined;
  /** The customer organisation. */
  orgId?: WordFilter | null | undefined;
  /** The request id. */
  requestId?: RequestIdFilter | null | undefined;
  /** A service the payload has a stage in. */
  service?: WordFilter | null | undefined;
  /** A source the payload has a stage in; together with `service`: a stage of both. */
  source?: WordFilter | null | undefined;
  /** Date of the first event. */
  startedAt?: Window | null | undefined;
  /** A status word that was heard; together with `service` and `source`: heard there. */
  status?: WordFilter | null | undefined;
  /** A machine the payload named, by its own id. */
  systemId?: WordFilter | null | undefined;
  /** The state of the verdict. */
  verdict?: VerdictFilter | null | undefined;
};

/** A condition on a request id; all that is given must hold. */
export type RequestIdFilter = {
  /** It is this one. */
  eq?: string | null | undefined;
  /** It is one of these; an empty list matches nothing. */
  in?: Array<string> | null | undefined;
  /** It is none of these. */
  notIn?: Array<string> | null | undefined;
};

/** Where a payload stands in one stage. */
export type StageState =
  /** Ended badly, and has not succeeded since. */
  | 'FAILED'
  /** This source only ever received it; another source of the service has ended since, so nothing is awaited here. */
  | 'HANDED_OVER'
  /** The service works on it. */
  | 'PROCESSING'
  /** The service has it, and said nothing more. */
  | 'RECEIVED'
  /** Ended well. */
  | 'SUCCEEDED';

/** A condition on a text; all that is given must hold. An absent value matches as the empty text. */
export type TextFilter = {
  /** It has this anywhere, whatever the case. */
  contains?: string | null | undefined;
  /** It is exactly this. */
  eq?: string | null | undefined;
  /** It is exactly one of these; an empty list matches nothing. */
  in?: Array<string> | null | undefined;
  /** It is none of these. */
  notIn?: Array<string> | null | undefined;
};

/** A condition on the state of the verdict; all that is given must hold. */
export type VerdictFilter = {
  /** It is this one. */
  eq?: VerdictState | null | undefined;
  /** It is one of these; an empty list matches nothing. */
  in?: Array<VerdictState> | null | undefined;
  /** It is none of these. */
  notIn?: Array<VerdictState> | null | undefined;
};

/** Where a payload stands. */
export type VerdictState =
  /** At least one service failed, and has not succeeded since. */
  | 'FAILED'
  /** A service holds it, and not for too long yet. */
  | 'IN_PROGRESS'
  /** A service holds it, or the next one has not begun, and nothing was heard for longer than that may take. */
  | 'STALLED'
  /** All services that were heard of succeeded. */
  | 'SUCCEEDED';

/**
 * A stretch of time: either `since` (`{since: "PT1H"}`: the last hour), or `from`
 * and `to`, of which one may be absent (`{from: "2026-03-04T00:00:00Z"}`: from then on).
 */
export type Window = {
  /** From this moment on. */
  from?: string | null | undefined;
  /** The last so long, up to the moment of the question. */
  since?: string | null | undefined;
  /** Before this moment. */
  to?: string | null | undefined;
};

/**
 * A condition on a word or an id; all that is given must hold. Services, sources
 * and status words are compared in lower case, UUIDs of hosts whatever their dashes
 * and case, others as they are. An absent value matches as the empty text: `{eq: ""}`
 * finds what has none.
 */
export type WordFilter = {
  /** It is this one. */
  eq?: string | null | undefined;
  /** It is one of these; an empty list matches nothing. */
  in?: Array<string> | null | undefined;
  /** It is none of these. */
  notIn?: Array<string> | null | undefined;
};

export type FindQueryVariables = Exact<{
  id: string;
}>;


export type FindQuery = { find: { kinds: Array<IdKind>, payloads: { nodes: Array<{ id: string, requestId: string, orgId: string | null, startedAt: string, duration: string, verdict: { state: VerdictState, sentence: string } }>, pageInfo: { hasNextPage: boolean } } } };

export type PayloadQueryVariables = Exact<{
  id: string;
  before?: string | null | undefined;
}>;


export type PayloadQuery = { payload: { id: string, requestId: string, orgId: string | null, account: string | null, inventoryId: string | null, systemId: string | null, startedAt: string, updatedAt: string, takenInAt: string, duration: string, verdict: { state: VerdictState, sentence: string, final: boolean, servicesPassed: number, quietSince: string, stallsAt: string | null, coveredFailures: Array<string>, failure: { service: string, source: string | null, status: string, message: string | null, at: string } | null }, stages: Array<{ service: string, source: string | null, state: StageState, startedAt: string, endedAt: string, duration: string, failure: { status: string, message: string | null, at: string } | null }>, timeline: { nodes: Array<{ id: string, service: string, source: string | null, status: string, message: string | null, date: string, sincePrevious: string | null }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null } }, hosts: { nodes: Array<{ inventoryId: string | null, systemId: string | null }>, pageInfo: { hasNextPage: boolean } } } | null };

export type NewestPayloadsQueryVariables = Exact<{
  filter?: PayloadFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type NewestPayloadsQuery = { payloads: { nodes: Array<{ id: string, requestId: string, orgId: string | null, startedAt: string, duration: string, verdict: { state: VerdictState, sentence: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };


export const FindDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Find"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"find"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kinds"}},{"kind":"Field","name":{"kind":"Name","value":"payloads"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"orgId"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"duration"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"sentence"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}}]}}]}}]}}]}}]} as unknown as DocumentNode<FindQuery, FindQueryVariables>;
export const PayloadDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Payload"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RequestID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"before"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"payload"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"by"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"requestId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"orgId"}},{"kind":"Field","name":{"kind":"Name","value":"account"}},{"kind":"Field","name":{"kind":"Name","value":"inventoryId"}},{"kind":"Field","name":{"kind":"Name","value":"systemId"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"takenInAt"}},{"kind":"Field","name":{"kind":"Name","value":"duration"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"sentence"}},{"kind":"Field","name":{"kind":"Name","value":"final"}},{"kind":"Field","name":{"kind":"Name","value":"servicesPassed"}},{"kind":"Field","name":{"kind":"Name","value":"quietSince"}},{"kind":"Field","name":{"kind":"Name","value":"stallsAt"}},{"kind":"Field","name":{"kind":"Name","value":"coveredFailures"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"service"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"service"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"duration"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"timeline"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"IntValue","value":"50"}},{"kind":"Argument","name":{"kind":"Name","value":"before"},"value":{"kind":"Variable","name":{"kind":"Name","value":"before"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"service"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"sincePrevious"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"hosts"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"20"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inventoryId"}},{"kind":"Field","name":{"kind":"Name","value":"systemId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}}]}}]}}]}}]}}]} as unknown as DocumentNode<PayloadQuery, PayloadQueryVariables>;
export const NewestPayloadsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"NewestPayloads"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"PayloadFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"last"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"before"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"payloads"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"Variable","name":{"kind":"Name","value":"last"}}},{"kind":"Argument","name":{"kind":"Name","value":"before"},"value":{"kind":"Variable","name":{"kind":"Name","value":"before"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"orgId"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"duration"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"sentence"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<NewestPayloadsQuery, NewestPayloadsQueryVariables>;