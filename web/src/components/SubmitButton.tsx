import { useTexts } from '../texts/texts'
import { useRetryCountdown } from './Problem'

interface SubmitButtonProps {
  label: string
  pendingLabel: string
  pending: boolean
  /** The error of the previous attempt: the button waits for its Retry-After. */
  error: unknown
}

/**
 * A submit button that waits: it is aria-disabled and ignores the press instead
 * of being disabled, so that it stays focusable and a keyboard user keeps the focus.
 */
export function SubmitButton({ label, pendingLabel, pending, error }: SubmitButtonProps) {
  const { t } = useTexts()
  const left = useRetryCountdown(error)
  const blocked = pending || left > 0
  return (
    <button
      type="submit"
      className="primary"
      aria-disabled={blocked}
      onClick={(event) => blocked && event.preventDefault()}
    >
      {pending ? pendingLabel : left > 0 ? t('retry.in', { seconds: left }) : label}
    </button>
  )
}
