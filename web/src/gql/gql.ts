/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Find($id: String!) {\n    find(id: $id) {\n      kinds\n      payloads(first: 50) {\n        nodes {\n          id\n          requestId\n          orgId\n          startedAt\n          duration\n          verdict {\n            state\n            sentence\n          }\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n": typeof types.FindDocument,
    "\n  query Payload($id: RequestID!, $before: String) {\n    payload(by: { requestId: $id }) {\n      id\n      requestId\n      orgId\n      account\n      inventoryId\n      systemId\n      startedAt\n      updatedAt\n      takenInAt\n      duration\n      verdict {\n        state\n        sentence\n        final\n        servicesPassed\n        quietSince\n        stallsAt\n        coveredFailures\n        failure {\n          service\n          source\n          status\n          message\n          at\n        }\n      }\n      stages {\n        service\n        source\n        state\n        startedAt\n        endedAt\n        duration\n        failure {\n          status\n          message\n          at\n        }\n      }\n      timeline(last: 50, before: $before) {\n        nodes {\n          id\n          service\n          source\n          status\n          message\n          date\n          sincePrevious\n        }\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n        }\n      }\n      hosts(first: 20) {\n        nodes {\n          inventoryId\n          systemId\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n": typeof types.PayloadDocument,
    "\n  query NewestPayloads($filter: PayloadFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    payloads(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      nodes {\n        id\n        requestId\n        orgId\n        startedAt\n        duration\n        verdict {\n          state\n          sentence\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n": typeof types.NewestPayloadsDocument,
};
const documents: Documents = {
    "\n  query Find($id: String!) {\n    find(id: $id) {\n      kinds\n      payloads(first: 50) {\n        nodes {\n          id\n          requestId\n          orgId\n          startedAt\n          duration\n          verdict {\n            state\n            sentence\n          }\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n": types.FindDocument,
    "\n  query Payload($id: RequestID!, $before: String) {\n    payload(by: { requestId: $id }) {\n      id\n      requestId\n      orgId\n      account\n      inventoryId\n      systemId\n      startedAt\n      updatedAt\n      takenInAt\n      duration\n      verdict {\n        state\n        sentence\n        final\n        servicesPassed\n        quietSince\n        stallsAt\n        coveredFailures\n        failure {\n          service\n          source\n          status\n          message\n          at\n        }\n      }\n      stages {\n        service\n        source\n        state\n        startedAt\n        endedAt\n        duration\n        failure {\n          status\n          message\n          at\n        }\n      }\n      timeline(last: 50, before: $before) {\n        nodes {\n          id\n          service\n          source\n          status\n          message\n          date\n          sincePrevious\n        }\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n        }\n      }\n      hosts(first: 20) {\n        nodes {\n          inventoryId\n          systemId\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n": types.PayloadDocument,
    "\n  query NewestPayloads($filter: PayloadFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    payloads(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      nodes {\n        id\n        requestId\n        orgId\n        startedAt\n        duration\n        verdict {\n          state\n          sentence\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n": types.NewestPayloadsDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Find($id: String!) {\n    find(id: $id) {\n      kinds\n      payloads(first: 50) {\n        nodes {\n          id\n          requestId\n          orgId\n          startedAt\n          duration\n          verdict {\n            state\n            sentence\n          }\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Find($id: String!) {\n    find(id: $id) {\n      kinds\n      payloads(first: 50) {\n        nodes {\n          id\n          requestId\n          orgId\n          startedAt\n          duration\n          verdict {\n            state\n            sentence\n          }\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Payload($id: RequestID!, $before: String) {\n    payload(by: { requestId: $id }) {\n      id\n      requestId\n      orgId\n      account\n      inventoryId\n      systemId\n      startedAt\n      updatedAt\n      takenInAt\n      duration\n      verdict {\n        state\n        sentence\n        final\n        servicesPassed\n        quietSince\n        stallsAt\n        coveredFailures\n        failure {\n          service\n          source\n          status\n          message\n          at\n        }\n      }\n      stages {\n        service\n        source\n        state\n        startedAt\n        endedAt\n        duration\n        failure {\n          status\n          message\n          at\n        }\n      }\n      timeline(last: 50, before: $before) {\n        nodes {\n          id\n          service\n          source\n          status\n          message\n          date\n          sincePrevious\n        }\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n        }\n      }\n      hosts(first: 20) {\n        nodes {\n          inventoryId\n          systemId\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Payload($id: RequestID!, $before: String) {\n    payload(by: { requestId: $id }) {\n      id\n      requestId\n      orgId\n      account\n      inventoryId\n      systemId\n      startedAt\n      updatedAt\n      takenInAt\n      duration\n      verdict {\n        state\n        sentence\n        final\n        servicesPassed\n        quietSince\n        stallsAt\n        coveredFailures\n        failure {\n          service\n          source\n          status\n          message\n          at\n        }\n      }\n      stages {\n        service\n        source\n        state\n        startedAt\n        endedAt\n        duration\n        failure {\n          status\n          message\n          at\n        }\n      }\n      timeline(last: 50, before: $before) {\n        nodes {\n          id\n          service\n          source\n          status\n          message\n          date\n          sincePrevious\n        }\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n        }\n      }\n      hosts(first: 20) {\n        nodes {\n          inventoryId\n          systemId\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query NewestPayloads($filter: PayloadFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    payloads(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      nodes {\n        id\n        requestId\n        orgId\n        startedAt\n        duration\n        verdict {\n          state\n          sentence\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query NewestPayloads($filter: PayloadFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    payloads(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      nodes {\n        id\n        requestId\n        orgId\n        startedAt\n        duration\n        verdict {\n          state\n          sentence\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;