// Reads the photos named on standard input with zxing-wasm, as thoroughly as it
// can, and answers one line of JSON for each: {"name", "texts", "ms"}.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const home = process.argv[2] // the folder of the package
const { readBarcodes, prepareZXingModule } = await import(pathToFileURL(home + '/dist/es/reader/index.js'))
prepareZXingModule({
  overrides: { wasmBinary: readFileSync(home + '/dist/reader/zxing_reader.wasm').buffer },
})
const options = { tryHarder: true, tryRotate: true, tryDownscale: true, tryInvert: true, maxNumberOfSymbols: 4 }

const names = readFileSync(0, 'utf8').trim().split('\n')
await readBarcodes(readFileSync(names[0]), options) // the first call compiles
for (const name of names) {
  const began = performance.now()
  const found = await readBarcodes(readFileSync(name), options)
  const ms = performance.now() - began
  console.log(JSON.stringify({ name, texts: found.map((code) => code.text), ms }))
}
