// Named steps with their time, conditions instead of sleeps, and a plain assertion.

export function check (holds, words) {
  if (!holds) throw new Error(`expected: ${words}`)
}

export function equal (got, wanted, words) {
  check(JSON.stringify(got) === JSON.stringify(wanted), `${words}: ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`)
}

export async function step (name, work) {
  const started = performance.now()
  try {
    const result = await work()
    console.log(`ok   ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
    return result
  } catch (error) {
    console.error(`FAIL ${name}`)
    throw error
  }
}

// Asks again until the answer is truthy. For conditions outside of a page; inside one, Playwright waits.
export async function until (words, ask, limitMs = 20_000) {
  const end = Date.now() + limitMs
  let last
  for (;;) {
    try {
      const answer = await ask()
      if (answer) return answer
      last = answer
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${words} (last: ${last})`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
