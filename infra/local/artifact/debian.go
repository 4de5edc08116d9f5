package artifact

import (
	"context"
	"errors"
	"os"
	"os/exec"
)

// ErrNotDebian means that this user cannot install Debian packages here.
var ErrNotDebian = errors.New("only root on Debian may install packages")

// Debian installs packages with apt-get. It returns ErrNotDebian where this
// user cannot.
func Debian(ctx context.Context, report Progress, packages ...string) error {
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Getuid() != 0 {
		return ErrNotDebian
	}
	for _, args := range [][]string{{"update"}, append([]string{"install", "-y", "--no-install-recommends"}, packages...)} {
		// another apt-get may hold the lock: wait for it
		cmd := exec.Command(apt, append([]string{"-q", "-o", "DPkg::Lock::Timeout=300"}, args...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if err := Run(ctx, cmd, func(line string) { report("\r%s", line) }); err != nil {
			return err
		}
	}
	return nil
}
