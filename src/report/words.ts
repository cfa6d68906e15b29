/** Numbers and times as the page and the text write them. */

export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** A share that is not 0 is never written as 0, and one that is not 1 never as 100 %. */
export function percent(share: number): string {
  const value = share * 100
  if (value === 0 || value === 100) return `${value} %`
  if (value < 0.01) return '< 0.01 %'
  if (value > 99.9) return '> 99.9 %'
  return `${value.toFixed(value < 1 ? 2 : value < 10 ? 1 : 0)} %`
}

/** To the minute, in UTC. */
export function timeOf(time: number | null): string {
  if (time === null) return 'never'
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? 'never' : `${date.toISOString().slice(0, -8).replace('T', ' ')} UTC`
}

/** As long as it takes, in the two largest units. */
function durationOf(ms: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ]
  let rest = Math.max(0, Math.round(ms / 60_000) * 60_000)
  const parts = units.flatMap(([name, length]) => {
    const count = Math.floor(rest / length)
    rest -= count * length
    return count === 0 ? [] : [`${grouped(count)} ${name}${count === 1 ? '' : 's'}`]
  })
  return parts.length === 0 ? 'less than a minute' : parts.slice(0, 2).join(' ')
}

export function periodOf(since: number | null, until: number | null): string {
  if (since === null || until === null) return 'No event so far'
  return `From ${timeOf(since)} to ${timeOf(until)} (${durationOf(until - since)})`
}

/** A count, or what is known of it. */
export function boundedCount({ requests, requestsAtMost }: { requests: number; requestsAtMost: number }): string {
  return requests === requestsAtMost ? grouped(requests) : `at least ${grouped(requests)}`
}

export function distinctCount({ distinct, exact }: { distinct: number; exact: boolean }): string {
  return exact ? grouped(distinct) : `at least ${grouped(distinct)}`
}

export function lifetimeName(seconds: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ]
  const [name, length] = units.find(([, size]) => seconds >= size && seconds % size === 0) ?? ['second', 1]
  return `${grouped(seconds / length)} ${name}${seconds === length ? '' : 's'}`
}
