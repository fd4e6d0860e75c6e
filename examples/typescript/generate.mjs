// Makes src/generated.ts of ../operations.graphql and the schema, by GraphQL Code Generator.
import { readFileSync, writeFileSync } from 'node:fs';
import { codegen } from '@graphql-codegen/core';
import * as operations from '@graphql-codegen/typescript-operations';
import * as documents from '@graphql-codegen/typed-document-node';
import { buildSchema, parse } from 'graphql';

const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');

const text = await codegen({
  filename: 'src/generated.ts',
  schema: parse(read('../../schema.graphqls')),
  schemaAst: buildSchema(read('../../schema.graphqls')),
  documents: [{ location: 'operations.graphql', document: parse(read('../operations.graphql')) }],
  plugins: [{ banner: {} }, { operations: {} }, { documents: {} }],
  pluginMap: {
    banner: { plugin: () => '// Written by `npm run generate` from schema.graphqls and operations.graphql. Change those.' },
    operations,
    documents,
  },
  config: {
    // Money and credits are strings on the wire and stay strings: a number would be a float.
    strictScalars: true,
    scalars: {
      Decimal: 'string', Credits: 'string', Currency: 'string', Date: 'string', DateTime: 'string', Duration: 'string', Period: 'string', Span: 'string',
    },
    documentMode: 'string',
    enumType: 'string-literal',
    immutableTypes: true,
    useTypeImports: true,
    skipTypename: true,
  },
});

writeFileSync(new URL('src/generated.ts', import.meta.url), text);
