import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import base from '../../vitest.config.ts'
import { useWarmPool } from './warm-pool.ts'

const first = process.env['ONBEHALF_MUTATION_FIRST'] ?? '/test/unit/'

/** A run ends with the first test that fails: first what failed for the mutant before, beside the same code, and quick tests. */
class LikelyFirst extends BaseSequencer {
  async sort(files) {
    const ranks = new Map(files.map((file) => [file, this.#rank(file)]))
    return [...files].sort((a, b) => ranks.get(a) - ranks.get(b))
  }

  #rank({ moduleId, project }) {
    const { cache, config } = this.ctx
    const last = cache.getFileTestResults(`${project.name}:${relative(config.root, moduleId)}`)
    const distance = moduleId.includes(first) ? 1 : moduleId.includes('/test/unit/') ? 2 : 3
    return last?.failed === true ? 0 : distance * 1e6 + (last?.duration ?? 0)
  }
}

export default defineConfig({
  ...base,
  plugins: [{ name: 'warm-pool', configureVitest: useWarmPool }],
  test: {
    ...base.test,
    include: JSON.parse(process.env['ONBEHALF_MUTATION_TESTS'] ?? '["test/unit/**/*.test.ts"]'),
    isolate: false,
    // Failures are the rule here: printing them with the code around takes longer than the tests.
    reporters: [{}],
    sequence: { sequencer: LikelyFirst },
  },
})
