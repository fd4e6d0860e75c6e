// Runs SQL on files with DuckDB and prints the rows of each statement as one line of JSON.
// Amounts and 64-bit numbers are texts.
// Usage: node duckdb.mjs SQL…
import { DuckDBInstance } from '@duckdb/node-api';

const connection = await (await DuckDBInstance.create()).connect();
for (const sql of process.argv.slice(2)) {
  const result = await connection.runAndReadAll(sql);
  console.log(JSON.stringify(result.getRowObjectsJson()));
}
