import { useTexts } from '../texts/texts'
import { useWait } from './Problem'

interface SubmitButtonProps {
  label: string
  pendingLabel: string
  pending: boolean
  /** Of the attempt before: the button waits as long as the server asked. */
  error: unknown
}

/**
 * Stays focusable while it waits, so that a keyboard user keeps the place: it
 * is aria-disabled and swallows the press instead of being disabled.
 */
export function SubmitButton({ label, pendingLabel, pending, error }: SubmitButtonProps) {
  const { t } = useTexts()
  const left = useWait(error)
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
