package graph_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/payload-tracker/payload-tracker/graph"
	"github.com/payload-tracker/payload-tracker/payload"
)

// asker makes questions up: any fields of the schema, with any arguments.
type asker struct {
	*rand.Rand
	schema *ast.Schema
	ids    []string // global ones
	n      int      // fields asked
}

// Whatever is asked, the answer is what the schema says, or an error that
// tells the client what is wrong: never one of ours.
func TestAnyQuestionIsAnsweredAsTheSchemaSays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.numbered(append(failing(1, "host validation failed"), passing(2, 4, 30*time.Minute)...)...)
	b.numbered(append(failing(3, strings.Repeat("long ", 500)), payload.Event{
		RequestID: requestID(4), Service: "ingress", Status: "received", Date: noon.AddDate(9, 0, 0),
	})...)
	a := &asker{Rand: rand.New(rand.NewPCG(7, 1)), schema: graph.NewExecutableSchema(graph.Config{}).Schema()}
	nodes := at(t, b.data(`{ payloads { nodes { id current { id } } } }`, nil), "payloads", "nodes").([]any)
	for i := range nodes {
		a.ids = append(a.ids, at(t, nodes, i, "id").(string), at(t, nodes, i, "current", "id").(string))
	}
	answered := 0
	for range 1500 {
		question := "{ " + a.fields("Query", 0) + " }"
		r := b.ask(question, nil)
		for _, err := range r.Errors {
			if code := err.Extensions["code"]; code != "BAD_USER_INPUT" && code != "COMPLEXITY_LIMIT_EXCEEDED" {
				t.Errorf("%s\n%.500s", question, r.body)
			}
		}
		if r.Data == nil {
			continue
		}
		answered++
		doc, errs := gqlparser.LoadQueryWithRules(a.schema, question, nil)
		if len(errs) > 0 {
			t.Fatalf("%s\n%v", question, errs)
		}
		if wrong := conforms(doc.Operations[0].SelectionSet, r.Data); wrong != "" {
			t.Errorf("%s: %s\n%.500s", wrong, question, r.body)
		}
	}
	if answered < 500 {
		t.Errorf("only %d questions were answered", answered)
	}
}

// fields are some of a type's, each under a name of its own.
func (a *asker) fields(of string, depth int) string {
	all := slices.DeleteFunc(slices.Clone(a.schema.Types[of].Fields), func(f *ast.FieldDefinition) bool { return strings.HasPrefix(f.Name, "__") })
	asked := []string{"__typename"}
	for range 1 + a.IntN(3) {
		f := all[a.IntN(len(all))]
		below := a.schema.Types[f.Type.Name()]
		if below.IsCompositeType() && depth > 5 {
			continue
		}
		a.n++
		text := fmt.Sprintf("f%d: %s%s", a.n, f.Name, a.arguments(f))
		switch below.Kind {
		case ast.Interface:
			text += " { __typename id ... on Payload { " + a.fields("Payload", depth+1) + " } ... on Status { " + a.fields("Status", depth+1) + " } }"
		case ast.Object:
			text += " { " + a.fields(below.Name, depth+1) + " }"
		default:
		}
		asked = append(asked, text)
	}
	return strings.Join(asked, " ")
}

func (a *asker) arguments(f *ast.FieldDefinition) string {
	var given []string
	for _, argument := range f.Arguments {
		if argument.Type.NonNull || a.IntN(3) == 0 {
			given = append(given, argument.Name+": "+a.value(argument.Type, argument.Name))
		}
	}
	if len(given) == 0 {
		return ""
	}
	return "(" + strings.Join(given, ", ") + ")"
}

// values of scalars: what is there, what is not, and what is at an edge.
var values = map[string][]string{
	"RequestID": {requestID(1).String(), requestID(2).String(), strings.ToUpper(requestID(3).String()), requestID(9).String()},
	"DateTime":  {"2026-05-04T11:50:00Z", "2026-05-04t12:00:00z", "1970-01-01T00:00:00Z", "2199-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"},
	"Duration":  {"PT0S", "PT1M", "PT1H", "P1D", "P366D", "P100000D", "PT0.0000001S"},
	"String":    {"ingress", "inventory", "INVENTORY-mq", "error", "success", "org1", "machine-1", "inventory-1", "", "%", "x'\\\\", "gr\u00f6\u00dfe", requestID(1).String()},
}

func (a *asker) value(t *ast.Type, name string) string {
	if !t.NonNull && a.IntN(20) == 0 {
		return "null"
	}
	if t.Elem != nil {
		var elements []string
		for range a.IntN(3) {
			elements = append(elements, a.value(t.Elem, name))
		}
		return "[" + strings.Join(elements, ", ") + "]"
	}
	one := func(of []string) string { return `"` + of[a.IntN(len(of))] + `"` }
	definition := a.schema.Types[t.NamedType]
	switch {
	case definition.Kind == ast.Enum:
		return definition.EnumValues[a.IntN(len(definition.EnumValues))].Name
	case definition.Kind == ast.InputObject:
		return a.object(definition)
	case t.NamedType == "Int":
		return fmt.Sprint([]int{0, 1, 2, 3, 500, 501, -1}[a.IntN(7)])
	case t.NamedType == "ID":
		return one(append(a.ids, "x"))
	case name == "after" || name == "before":
		return `"x"`
	}
	return one(values[t.NamedType])
}

func (a *asker) object(of *ast.Definition) string {
	chosen, oneOf := a.IntN(len(of.Fields)), of.Directives.ForName("oneOf") != nil
	var given []string
	for i, f := range of.Fields {
		switch {
		case oneOf && i == chosen:
			given = append(given, f.Name+": "+a.value(&ast.Type{NamedType: f.Type.NamedType, NonNull: true}, f.Name))
		case oneOf:
		case f.Type.NonNull || i == chosen || a.IntN(8) == 0:
			given = append(given, f.Name+": "+a.value(f.Type, f.Name))
		}
	}
	return "{" + strings.Join(given, ", ") + "}"
}

// conforms says what of an object is not as it was asked for; "" for nothing.
func conforms(set ast.SelectionSet, object map[string]any) string {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.InlineFragment:
			if s.TypeCondition == object["__typename"] {
				if wrong := conforms(s.SelectionSet, object); wrong != "" {
					return wrong
				}
			}
		case *ast.Field:
			value, there := object[s.Alias]
			if !there {
				return s.Name + " is missing"
			}
			if wrong := conformsTo(s.Definition.Type, s, value); wrong != "" {
				return s.Name + " " + wrong
			}
		}
	}
	return ""
}

func conformsTo(t *ast.Type, field *ast.Field, value any) string {
	switch v := value.(type) {
	case nil:
		if t.NonNull {
			return "is null"
		}
	case []any:
		for _, element := range v {
			if wrong := conformsTo(t.Elem, field, element); wrong != "" {
				return wrong
			}
		}
	case map[string]any:
		return conforms(field.SelectionSet, v)
	default:
		text, _ := json.Marshal(v)
		quoted := text[0] == '"'
		if of := t.Name(); quoted == slices.Contains([]string{"Int", "Long", "Float", "Boolean"}, of) {
			return fmt.Sprintf("is no %s: %s", of, text)
		}
	}
	return ""
}
