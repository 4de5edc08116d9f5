package deadman

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// Parameter keeps the State in a parameter of AWS Systems Manager, for a watcher that has no
// disk that lasts (a Lambda function).
type Parameter struct {
	client *ssm.Client
	name   string
}

// NewParameter returns the State in the parameter name, which need not exist.
func NewParameter(cfg aws.Config, name string) *Parameter {
	return &Parameter{ssm.NewFromConfig(cfg), name}
}

// Load implements States.
func (p *Parameter) Load(ctx context.Context) (s State, err error) {
	out, err := p.client.GetParameter(ctx, &ssm.GetParameterInput{Name: &p.name})
	if _, missing := errors.AsType[*types.ParameterNotFound](err); missing {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("parameter %s: %w", p.name, err)
	}
	if err := json.Unmarshal([]byte(aws.ToString(out.Parameter.Value)), &s); err != nil {
		return State{}, fmt.Errorf("parameter %s: %w", p.name, err)
	}
	return s, nil
}

// Save implements States.
func (p *Parameter) Save(ctx context.Context, s State) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = p.client.PutParameter(ctx, &ssm.PutParameterInput{
		Name: &p.name, Value: aws.String(string(text)), Type: types.ParameterTypeString, Overwrite: aws.Bool(true),
	})
	if err != nil {
		return fmt.Errorf("parameter %s: %w", p.name, err)
	}
	return nil
}
