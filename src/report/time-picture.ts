import type { ReportedBucket, ReportedCallers } from '../types/report.ts'
import { type Markup, markup } from './markup.ts'
import { grouped, timeOf } from './words.ts'

export interface TimePicture {
  /** The id of its title. */
  readonly id: string
  readonly title: string
  readonly description: string
  /** What is stacked for each stretch, from below: a class of the style and a height. */
  readonly layersOf: (bucket: ReportedBucket) => readonly (readonly [kind: string, height: number])[]
  /** The height of the whole picture; absent: the highest stretch. */
  readonly full?: number
  readonly isLow?: true
}

const stretchWidth = 10
const barWidth = 8.4
const height = 100

/** Stacked bars over time. The labels are text beside it, so that they stay readable at every width. */
export function timePicture(overTime: ReportedCallers['overTime'], picture: TimePicture): Markup {
  const { buckets, bucketMs } = overTime
  const start = buckets[0]?.start ?? 0
  const end = buckets.at(-1)?.start ?? start
  const stretches = Math.round((end - start) / bucketMs) + 1
  const highest = picture.full ?? Math.max(1, ...buckets.map((bucket) => heightOf(picture, bucket)))
  const bars = buckets.map((bucket) =>
    barsOf(picture, bucket, Math.round((bucket.start - start) / bucketMs) * stretchWidth, height / highest),
  )
  const size = picture.isLow === true ? 'chart low' : 'chart'
  return markup`<svg class="${size}" viewBox="0 0 ${stretches * stretchWidth} ${height}" preserveAspectRatio="none" role="img" aria-labelledby="${picture.id} ${picture.id}-text"><title id="${picture.id}">${picture.title}</title><desc id="${picture.id}-text">${picture.description}</desc>${bars}</svg>
<p class="axis"><span>${timeOf(start)}</span><span>${timeOf(end + bucketMs)}</span></p>`
}

function barsOf(picture: TimePicture, bucket: ReportedBucket, x: number, scale: number): Markup {
  let top = height
  const layers = picture.layersOf(bucket).map(([kind, value]) => {
    if (value <= 0) return markup``
    top -= value * scale
    return markup`<rect class="${kind}" x="${x}" y="${rounded(top)}" width="${barWidth}" height="${rounded(value * scale)}"/>`
  })
  return markup`${layers}`
}

function heightOf({ layersOf }: TimePicture, bucket: ReportedBucket): number {
  return layersOf(bucket).reduce((sum, [, value]) => sum + value, 0)
}

export function stretchName(bucketMs: number): string {
  const minutes = bucketMs / 60_000
  if (minutes < 60) return `${minutes} minutes`
  if (minutes < 1_440) return minutes === 60 ? 'one hour' : `${minutes / 60} hours`
  return minutes === 1_440 ? 'one day' : `${grouped(minutes / 1_440)} days`
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
