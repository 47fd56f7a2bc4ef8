// The download of a workbook. It goes on while somebody looks at other pages, shows how many
// seconds it has taken, and can be stopped.
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
      // After a minute the browser has saved the file, or keeps it while it asks where to save it.
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
    } catch (thrown) {
      if (!this.stopping.signal.aborted) this.problem = asProblem(thrown)
    }
    clearInterval(clock)
    this.busy = false
  }

  /** Stops the download. The council then stops writing the workbook. */
  stop() {
    this.stopping.abort()
  }
}

export const exporting = new Exporting()
