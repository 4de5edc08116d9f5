package emulator

import (
	"encoding/json"
	"net/http"
	"strings"
)

// budgets are what moto does not tell of a budget: its tags by ARN, and who gets its notifications by
// the budget's name and the notification.
type budgets struct {
	tags        map[string]json.RawMessage
	subscribers map[string]json.RawMessage
}

func newBudgets() budgets {
	return budgets{map[string]json.RawMessage{}, map[string]json.RawMessage{}}
}

func (b budgets) answer(c *call) *reply {
	operation, ok := strings.CutPrefix(c.target, "AWSBudgetServiceGateway.")
	if !ok {
		return nil
	}
	var given struct {
		BudgetName   string
		Budget       struct{ BudgetName string }
		ResourceARN  string
		ResourceTags json.RawMessage
		Notification struct {
			NotificationType, ComparisonOperator, ThresholdType string
			Threshold                                           float64
		}
		Subscribers json.RawMessage
	}
	if err := json.Unmarshal(c.body, &given); err != nil {
		return asJSON(http.StatusBadRequest, map[string]any{"__type": "InvalidParameterException", "message": err.Error()})
	}
	notification, _ := json.Marshal(given.Notification) // text and a number
	key := given.BudgetName + string(notification)
	switch operation {
	case "CreateBudget": // moto takes it, too
		b.tags["arn:aws:budgets::"+account+":budget/"+given.Budget.BudgetName] = given.ResourceTags
	case "CreateNotification": // moto takes it, too
		b.subscribers[key] = given.Subscribers
	case "DescribeSubscribersForNotification":
		return asJSON(http.StatusOK, map[string]any{"Subscribers": b.subscribers[key]})
	case "ListTagsForResource":
		return asJSON(http.StatusOK, map[string]any{"ResourceTags": b.tags[given.ResourceARN]})
	}
	return nil
}

func (budgets) mend(_ *call, body []byte) []byte { return body }
