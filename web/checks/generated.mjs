// Fails when src/api/schema.gen.ts is not what `npm run generate` would write.
import { readFile } from 'node:fs/promises'
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'

const source = new URL('../../docs/openapi.yaml', import.meta.url)
const generated = new URL('../src/api/schema.gen.ts', import.meta.url)

const [want, have] = await Promise.all([
  openapiTS(source, { silent: true }).then((ast) => COMMENT_HEADER + astToString(ast)),
  readFile(generated, 'utf8'),
])
if (want !== have) {
  console.error(
    'src/api/schema.gen.ts is older than docs/openapi.yaml: run `npm run generate` in web/ and commit.',
  )
  process.exit(1)
}
