package screenshots

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// explain adds to an error of the disk what a person can do about it.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: free some space, or lower `size` under `retention` in agent.yaml", err)
	case errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: raise the quota, or lower `size` under `retention` in agent.yaml", err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: mount it writable, or name another folder as `data` in agent.yaml", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: give the agent's user the folder, or name another as `data` in agent.yaml", err)
	default:
		return err
	}
}
