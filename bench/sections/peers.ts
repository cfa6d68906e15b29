import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contenders } from '../peers/contenders.ts'
import { type Inputs, makeDpopInputs, makeMtlsInputs } from '../peers/inputs.ts'
import { askChild } from '../processes.ts'
import { medianOf } from '../ratio.ts'
import type { Measurement, Section } from '../results.ts'

/** The same requests through what a user would pick instead: each in a fresh process, the order turned round every time. */

const rounds = 5

export const peers: Section = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'onbehalf-bench-'))
  try {
    return [
      ...(await compete('DPoP', 9, folder, () => makeDpopInputs(3_000, 6_000))),
      ...(await compete('mTLS', 1, folder, () => makeMtlsInputs(10_000, 10_000))),
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function compete(
  what: string,
  min: number,
  folder: string,
  makeInputs: () => Promise<Inputs>,
): Promise<readonly Measurement[]> {
  const micros = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    const inputs = await makeInputs()
    const file = join(folder, `${what}-${round}.json`)
    writeFileSync(file, JSON.stringify(inputs))
    const names = Object.keys(contenders[inputs.kind])
    for (const name of round % 2 === 0 ? names : names.reverse()) {
      const measured = await askChild<number>('peers/contend.js', [file, name])
      micros.set(name, [...(micros.get(name) ?? []), measured])
    }
  }
  return describe(what, min, micros)
}

function describe(what: string, min: number, micros: ReadonlyMap<string, readonly number[]>): readonly Measurement[] {
  const ours = micros.get('onbehalf') ?? []
  return [...micros].flatMap(([name, raw]): Measurement[] => {
    const time = { name: `${what}: ${name}`, value: medianOf(raw), unit: 'µs', raw } as const
    if (name === 'onbehalf') return [time]
    const ratios = raw.map((theirs, round) => theirs / (ours[round] ?? Number.NaN))
    const isPeer = !name.startsWith('one raw')
    const ratio = { name: `${what}: ${name} ÷ onbehalf`, value: medianOf(ratios), unit: 'times', raw: ratios } as const
    return [time, isPeer ? { ...ratio, target: { min } } : ratio]
  })
}
