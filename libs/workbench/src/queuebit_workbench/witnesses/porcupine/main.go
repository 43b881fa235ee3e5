// Reads a history of operations on streams, one JSON document a line, and says whether some order of them, each within its
// own time, explains all answers: whether it is linearizable. A stream is a register: an append names the version it expects,
// as compare-and-set does, and a read gives all that the stream holds.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

const perStream = 60 * time.Second

// One operation. Outcome: "ok", "refused", or "unknown" where nobody heard the answer.
type line struct {
	Client   int    `json:"client"`
	Stream   string `json:"stream"`
	Kind     string `json:"kind"`
	Expected int    `json:"expected"`
	Value    int    `json:"value"`
	Values   []int  `json:"values"`
	Outcome  string `json:"outcome"`
	Call     int64  `json:"call_ns"`
	Return   int64  `json:"return_ns"`
}

func text(values []int) string {
	words := make([]string, len(values))
	for at, value := range values {
		words[at] = strconv.Itoa(value)
	}
	return strings.Join(words, " ")
}

// The state of a stream is its values, parted by spaces.
func length(state string) int {
	if state == "" {
		return 0
	}
	return strings.Count(state, " ") + 1
}

func with(state string, value int) string {
	if state == "" {
		return strconv.Itoa(value)
	}
	return state + " " + strconv.Itoa(value)
}

func step(state, input, _ interface{}) (bool, interface{}) {
	stands, asked := state.(string), input.(line)
	fits := asked.Kind == "append" && length(stands) == asked.Expected
	switch {
	case asked.Kind == "read":
		return stands == text(asked.Values), stands
	case asked.Outcome == "ok":
		return fits, with(stands, asked.Value)
	case asked.Outcome == "refused":
		return !fits, stands
	case fits:
		return true, with(stands, asked.Value)
	default:
		return true, stands
	}
}

func main() {
	model := porcupine.Model{Init: func() interface{} { return "" }, Step: step}
	streams := map[string][]porcupine.Operation{}
	order := []string{}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	count := 0
	for lines.Scan() {
		var one line
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if one.Kind == "read" && one.Outcome != "ok" {
			continue
		}
		if one.Outcome == "unknown" {
			one.Return = math.MaxInt64
		}
		if _, known := streams[one.Stream]; !known {
			order = append(order, one.Stream)
		}
		streams[one.Stream] = append(streams[one.Stream], porcupine.Operation{
			ClientId: one.Client, Input: one, Call: one.Call, Output: nil, Return: one.Return,
		})
		count++
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	illegal, unknown := []string{}, []string{}
	for _, name := range order {
		switch porcupine.CheckOperationsTimeout(model, streams[name], perStream) {
		case porcupine.Illegal:
			illegal = append(illegal, name)
		case porcupine.Unknown:
			unknown = append(unknown, name)
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"operations": count, "streams": len(order), "illegal": illegal, "undecided": unknown,
	})
}
