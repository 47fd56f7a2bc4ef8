// A workbook on its way. It goes on while somebody looks at other pages, says how long it has
// taken, and can be stopped.
import { takeTable } from './council'
import { asProblem } from '$shared/problem'
import type { Problem } from '$shared/generated/types'

class Exporting {
  name = $state('')
  busy = $state(false)
  seconds = $state(0)
  problem = $state<Problem | null>(null)
  private stopping = new AbortController()

  async start(address: string) {
    this.name = address.replace(/^.*\//, '').replace(/\?.*$/, '')
    this.busy = true
    this.seconds = 0
    this.problem = null
    this.stopping = new AbortController()
    const clock = setInterval(() => (this.seconds += 1), 1000)
    try {
      const { name, file } = await takeTable(address, this.stopping.signal)
      const link = document.createElement('a')
      link.href = URL.createObjectURL(file)
      link.download = name
      link.click()
      // The browser has it by then, or asks where to put it and holds on to it.
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
    } catch (thrown) {
      if (!this.stopping.signal.aborted) this.problem = asProblem(thrown)
    }
    clearInterval(clock)
    this.busy = false
  }

  /** Nobody waits for it any more, and the council writes no further. */
  stop() {
    this.stopping.abort()
  }
}

export const exporting = new Exporting()
