import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import base from '../../vitest.config.ts'
import { useWarmPool } from './warm-pool.ts'

const first = process.env['ONBEHALF_MUTATION_FIRST'] ?? '/test/unit/'

/** The tests that stand nearest to the mutant run first: a run ends with the first test that fails. */
class NearestFirst extends BaseSequencer {
  async sort(files) {
    const distance = ({ moduleId }) => (moduleId.includes(first) ? 0 : moduleId.includes('/test/unit/') ? 1 : 2)
    return [...files].sort((a, b) => distance(a) - distance(b))
  }
}

export default defineConfig({
  ...base,
  plugins: [{ name: 'warm-pool', configureVitest: useWarmPool }],
  test: {
    ...base.test,
    include: JSON.parse(process.env['ONBEHALF_MUTATION_TESTS'] ?? '["test/unit/**/*.test.ts"]'),
    isolate: false,
    sequence: { sequencer: NearestFirst },
  },
})
