import { type ReactNode, useEffect, useId, useRef } from 'react'
import { Problem } from './Problem'
import { SubmitButton } from './SubmitButton'

interface DialogProps {
  heading: string
  keep: string
  confirm: string
  pendingLabel: string
  pending: boolean
  error: unknown
  children: ReactNode
  onConfirm(form: FormData): void
  onClose(): void
}

/** Asks once more; the browser's own dialog keeps the focus inside and gives it back. */
export function Dialog({ heading, keep, confirm, pendingLabel, pending, error, ...rest }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal()
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={rest.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!pending) rest.onConfirm(new FormData(event.currentTarget))
        }}
      >
        <h2 id={id}>{heading}</h2>
        {rest.children}
        <Problem error={error} />
        <div className="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            {keep}
          </button>
          <SubmitButton label={confirm} pendingLabel={pendingLabel} pending={pending} error={error} />
        </div>
      </form>
    </dialog>
  )
}
