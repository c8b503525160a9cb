// The schema by graphql-eslint: its recommended rules and those of Relay. Run from the top of the repository.
import graphql from '@graphql-eslint/eslint-plugin';

export default [
  {
    files: ['**/*.graphqls'],
    plugins: { '@graphql-eslint': graphql },
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: 'schema.graphqls' } } },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // A description of one line stands in one line: a file of blocks is three times as long and no clearer.
      '@graphql-eslint/description-style': 'off',
      // What can be asked for by itself has an id. These are parts of what has one, and cannot be cached or fetched alone.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          acceptedIdNames: ['id'],
          acceptedIdTypes: ['ID'],
          exceptions: {
            suffixes: ['Connection', 'Edge'],
            types: [
              'PageInfo', 'Total', 'Verdict', 'Wait', 'Failure', 'Stage', 'Host', 'Links', 'Find', 'Subscription',
              // Numbers over many payloads.
              'Service', 'Numbers', 'Percentiles', 'ServicePoint', 'Flow', 'FlowService', 'FlowHandover', 'Slowest',
              'FailureGroup', 'FailurePoint', 'FailureSamples',
              'Comparison', 'StageComparison',
              'Ingest', 'IngestPartition', 'LastEvent', 'UnknownStatus', 'DeadLetterGroup',
            ],
          },
        },
      ],
      // Lists that end by themselves (a payload's stages) and the nodes of a connection need no cursors; a host is a pair of ids
      // that a payload named, and no object of its own.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // A status's word is called status in every event of the platform.
      '@graphql-eslint/no-typename-prefix': 'off',
      // Argument, input and enum descriptions are asked for by graphql-schema-linter; fields here as well.
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
        },
      ],
    },
  },
];
