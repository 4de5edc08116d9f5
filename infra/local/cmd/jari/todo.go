package main

import (
	"context"
	"errors"
)

var errTODO = errors.New("not yet")

func logs(ctx context.Context, e env, args []string) error         { return errTODO }
func faultCommand(ctx context.Context, e env, args []string) error { return errTODO }
func printEnv(ctx context.Context, e env, args []string) error     { return errTODO }
func seedCommand(ctx context.Context, e env, args []string) error  { return errTODO }
func runProgram(ctx context.Context, e env, args []string) error   { return errTODO }
