// read.mjs FILE reads a Parquet file with hyparquet, which is not ours, and prints its columns, types and rows as JSON. Numbers are printed as
// the bits that they are.
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'

const file = await asyncBufferFromFile(process.argv[2])
const metadata = await parquetMetadataAsync(file)
const columns = metadata.schema.slice(1).map(c => [c.name, c.type, c.repetition_type])
const bits = new DataView(new ArrayBuffer(8))
const cell = x => {
  if (typeof x !== 'number') return x ?? null
  bits.setFloat64(0, x)
  return bits.getBigUint64(0).toString(16)
}
const rows = (await parquetReadObjects({ file, metadata })).map(row => columns.map(([name]) => cell(row[name])))
console.log(JSON.stringify({ columns, groups: metadata.row_groups.length, count: Number(metadata.num_rows), rows }))
