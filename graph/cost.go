package graph

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/payload-tracker/payload-tracker/store"
)

// cost is what a question may cost: fields of the answer, with full pages.
type cost struct {
	measured   bool
	complexity int
	depth      int
	fields     int // next to each other, fragments unfolded
}

// extension is what a client is told of the cost of its question.
func (c cost) extension(limits Limits) map[string]any {
	return map[string]any{"complexity": c.complexity, "limit": limits.Complexity, "depth": c.depth}
}

// usual lengths of lists that have no page, or are short whatever page is asked for.
var usual = map[string]int{
	"Payload.stages": 10, "Comparison.stages": 20,
	"Query.services": 20, "Service.trend": 100, "Flow.nodes": 20, "Flow.edges": 50,
	"Query.failures": 50, "FailureGroup.trend": 100, "FailureGroup.payloads": store.MostFailureSamples,
	"Ingest.partitions": 50, "Ingest.lastEvent": 50, "Ingest.unknownStatuses": 50, "Ingest.deadLetters": 50,

	"__Schema.types": 50, "__Schema.directives": 8, "__Type.fields": 6, "__Type.inputFields": 4,
	"__Type.enumValues": 4, "__Type.possibleTypes": 3, "__Type.interfaces": 2, "__Field.args": 3, "__Directive.args": 2,
}

// measure reckons the cost of an operation, and checks it and every argument.
func (h *Handler) measure(operation *ast.OperationDefinition, variables map[string]any) (cost, error) {
	m := meter{schema: h.schema.Schema(), variables: variables, hideSchema: h.config.HideSchema, fragments: map[*ast.FragmentDefinition]cost{}}
	total, err := m.set(operation.SelectionSet)
	if err != nil {
		return cost{}, err
	}
	total.measured = true
	limits := h.config.Limits
	switch {
	case total.depth > limits.Depth:
		return total, codedf(codeDepthLimit, "the question is %d fields deep: at most %d", total.depth, limits.Depth)
	case total.fields > limits.RootFields:
		return total, tooMany("fields at its root", limits.RootFields)
	case total.complexity > limits.Complexity:
		return total, codedf(codeComplexityLimit,
			"the answer may have %d fields: at most %d. Ask for smaller pages (first, last), or for fewer lists within lists", total.complexity, limits.Complexity)
	}
	return total, nil
}

// meter walks an operation. Each fragment is measured once, however often it
// is spread: a few that spread each other twice stand for a great many fields.
type meter struct {
	schema     *ast.Schema
	variables  map[string]any
	hideSchema bool
	fragments  map[*ast.FragmentDefinition]cost
}

func (m *meter) set(set ast.SelectionSet) (cost, error) {
	var sum cost
	for _, selection := range set {
		one, err := m.selection(selection)
		if err != nil {
			return cost{}, err
		}
		sum.complexity = bounded(sum.complexity + one.complexity)
		sum.fields = bounded(sum.fields + one.fields)
		sum.depth = max(sum.depth, one.depth)
	}
	return sum, nil
}

func (m *meter) selection(selection ast.Selection) (cost, error) {
	switch s := selection.(type) {
	case *ast.Field:
		return m.field(s)
	case *ast.InlineFragment:
		return m.set(s.SelectionSet)
	case *ast.FragmentSpread:
		if known, ok := m.fragments[s.Definition]; ok {
			return known, nil
		}
		one, err := m.set(s.Definition.SelectionSet)
		m.fragments[s.Definition] = one
		return one, err
	}
	return cost{}, nil
}

func (m *meter) field(f *ast.Field) (cost, error) {
	if m.hideSchema && (f.Name == "__schema" || f.Name == "__type") {
		return cost{}, coded(codeValidationFailed, "introspection is turned off here")
	}
	arguments := f.ArgumentMap(m.variables)
	if err := m.checkArguments(f, arguments); err != nil {
		return cost{}, err
	}
	inner, err := m.set(f.SelectionSet)
	if err != nil {
		return cost{}, err
	}
	return cost{
		complexity: bounded(1 + m.length(f, arguments)*inner.complexity),
		depth:      1 + inner.depth,
		fields:     1,
	}, nil
}

// length is how many elements a field may have.
func (m *meter) length(f *ast.Field, arguments map[string]any) int {
	if n, ok := usual[f.ObjectDefinition.Name+"."+f.Name]; ok {
		return n
	}
	if f.Definition.Arguments.ForName("first") != nil {
		return pageSize(arguments)
	}
	if ids, ok := arguments["ids"].([]any); ok {
		return len(ids)
	}
	return 1
}

// pageSize is the size of a page; what the store will refuse counts as the
// largest.
func pageSize(arguments map[string]any) int {
	size := store.DefaultPageSize
	for _, name := range []string{"first", "last"} {
		if v := arguments[name]; v != nil {
			if n, err := UnmarshalInt(v); err == nil {
				size = n
			}
		}
	}
	return max(0, min(size, store.MaxPageSize))
}

// bounded keeps sums and products from overflowing.
func bounded(n int) int { return min(n, 1<<40) }

// checkArguments reads every scalar of ours before anything is executed.
func (m *meter) checkArguments(f *ast.Field, arguments map[string]any) error {
	for _, argument := range f.Definition.Arguments {
		if v, ok := arguments[argument.Name]; ok {
			if err := m.checkValue(argument.Type, v, argument.Name); err != nil {
				wrong := asError(err)
				wrong.Message = f.Name + ": " + wrong.Message
				if f.Position != nil {
					locate(wrong, f.Position)
				}
				return wrong
			}
		}
	}
	return nil
}

// checkValue says by its name within the argument which value is wrong.
func (m *meter) checkValue(t *ast.Type, v any, name string) error {
	if v == nil {
		return nil
	}
	if t.Elem != nil {
		for i, element := range graphql.CoerceList(v) {
			if err := m.checkValue(t.Elem, element, name+"["+strconv.Itoa(i)+"]"); err != nil {
				return err
			}
		}
		return nil
	}
	switch definition := m.schema.Types[t.NamedType]; definition.Kind {
	case ast.InputObject:
		return m.checkObject(definition, v, name)
	case ast.Enum:
		return named(name, checkEnum(definition, v))
	default:
		return named(name, checkScalar(t.NamedType, v))
	}
}

// checkObject also counts what is given of a @oneOf: the library counts in
// documents alone, not in variables.
func (m *meter) checkObject(definition *ast.Definition, v any, name string) error {
	object, _ := v.(map[string]any)
	given := 0
	for _, field := range definition.Fields {
		if object[field.Name] != nil {
			given++
		}
		if err := m.checkValue(field.Type, object[field.Name], name+"."+field.Name); err != nil {
			return err
		}
	}
	if given != 1 && definition.Directives.ForName("oneOf") != nil {
		var fields []string
		for _, field := range definition.Fields {
			fields = append(fields, field.Name)
		}
		return named(name, badRequest("give exactly one of "+alternatives(fields)))
	}
	return nil
}

// named is err with the name of the value that is wrong.
func named(name string, err error) error {
	if err == nil {
		return nil
	}
	wrong := asError(err)
	wrong.Message = name + ": " + wrong.Message
	return wrong
}

// checkEnum: of variables the library takes any letter case, resolvers do not.
func checkEnum(definition *ast.Definition, v any) error {
	word, ok := v.(string)
	if ok && definition.EnumValues.ForName(word) != nil {
		return nil
	}
	var words []string
	for _, value := range definition.EnumValues {
		words = append(words, value.Name)
	}
	return badRequest(fmt.Sprintf("%q is no %s: give %s", fmt.Sprint(v), definition.Name, alternatives(words)))
}

// alternatives are words as a sentence has them: a, b or c.
func alternatives(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func checkScalar(name string, v any) error {
	var err error
	switch name {
	case "RequestID":
		_, err = UnmarshalRequestID(v)
	case "DateTime":
		_, err = UnmarshalDateTime(v)
	case "Duration":
		_, err = UnmarshalDuration(v)
	case "Int":
		_, err = UnmarshalInt(v)
	case "String":
		_, err = UnmarshalString(v)
	}
	return err
}
