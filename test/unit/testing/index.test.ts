import { expect, test } from 'vitest'
import { isRefusedAsPublished } from '../../../src/sender/published-keys.ts'
import * as kit from '../../../src/testing/index.ts'

test('kit: the public values are these and no more', () => {
  expect(Object.keys(kit).sort()).toEqual([
    'allowPublishedKeys',
    'createTestCertificate',
    'createTestClock',
    'createTestIssuer',
    'replayStoreContract',
    'requestView',
  ])
})

test('Published keys: the key of RFC 9449 is refused until it is allowed, and again after the undo', () => {
  const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
  expect(isRefusedAsPublished(jkt)).toBe(true)
  const undo = kit.allowPublishedKeys()
  expect(isRefusedAsPublished(jkt)).toBe(false)
  undo()
  expect(isRefusedAsPublished(jkt)).toBe(true)
})
