import type { CodegenConfig } from '@graphql-codegen/cli';

// The types of every document in src come from the same file that the server is generated from.
const config: CodegenConfig = {
  schema: '../schema.graphqls',
  documents: ['src/**/*.{ts,tsx}', '!src/gql/**'],
  generates: {
    './src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        scalars: { RequestID: 'string', DateTime: 'string', Duration: 'string', Long: 'number' },
        strictScalars: true,
        useTypeImports: true,
        enumsAsTypes: true,
      },
    },
    // The server embeds it.
    './src/gql/documents.json': { plugins: ['./documents.mjs'] },
  },
};

export default config;
