package policy

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/verify"
)

// The types that conditions see, so that a misspelt member is found when the
// policy is read. Their values are maps.
const (
	statementType = "stella.Statement"
	subjectType   = "stella.Subject"
	signerType    = "stella.Signer"
)

// members are the members of a type.
func typeMembers(name string) map[string]*types.Type {
	switch name {
	case statementType:
		return map[string]*types.Type{
			"_type": types.StringType, "predicateType": types.StringType, "subject": types.NewListType(types.NewObjectType(subjectType)),
		}
	case subjectType:
		return map[string]*types.Type{"name": types.StringType, "digest": types.NewMapType(types.StringType, types.StringType)}
	case signerType:
		return map[string]*types.Type{
			"holder": types.StringType, "name": types.StringType, "keyId": types.StringType,
			"roles": types.NewListType(types.StringType), "tenant": types.StringType,
			"identity": types.StringType, "issuer": types.StringType, "time": types.TimestampType,
		}
	}
	return nil
}

// variables are what a condition can name.
func variables() []cel.EnvOption {
	return []cel.EnvOption{
		cel.Variable("statement", cel.ObjectType(statementType)),
		cel.Variable("subjects", cel.ListType(cel.ObjectType(subjectType))),
		cel.Variable(predicateVariable, cel.DynType),
		cel.Variable("signers", cel.ListType(cel.ObjectType(signerType))),
		cel.Variable("now", cel.TimestampType),
	}
}

// typeProvider adds our types to those of CEL.
type typeProvider struct{ types.Provider }

// FindStructType implements types.Provider.
func (p typeProvider) FindStructType(name string) (*types.Type, bool) {
	if typeMembers(name) == nil {
		return p.Provider.FindStructType(name)
	}
	return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
}

// FindStructFieldNames implements types.Provider.
func (p typeProvider) FindStructFieldNames(name string) ([]string, bool) {
	members := typeMembers(name)
	if members == nil {
		return p.Provider.FindStructFieldNames(name)
	}
	var names []string
	for n := range members {
		names = append(names, n)
	}
	return names, true
}

// FindStructFieldType implements types.Provider.
func (p typeProvider) FindStructFieldType(name, member string) (*types.FieldType, bool) {
	members := typeMembers(name)
	if members == nil {
		return p.Provider.FindStructFieldType(name, member)
	}
	t, ok := members[member]
	return &types.FieldType{Type: t}, ok
}

// NewValue implements types.Provider. A condition makes none of our values.
func (p typeProvider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if typeMembers(name) == nil {
		return p.Provider.NewValue(name, fields)
	}
	return types.WrapErr(fmt.Errorf("a condition makes no %s", name))
}

// activation returns the values of the variables.
func activation(f *verify.Facts, predicate any) map[string]any {
	subjects := subjectValues(f.Statement.Subjects)
	return map[string]any{
		"statement": map[string]any{"_type": f.Statement.Type, "predicateType": f.Statement.PredicateType, "subject": subjects},
		"subjects":  subjects, predicateVariable: predicate, "signers": signerValues(f.Signers), "now": f.At,
	}
}

func subjectValues(list []intoto.Subject) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = map[string]any{"name": s.Name, "digest": s.Digest}
	}
	return out
}

// signerValues leaves out what is not known of a signer, so that has() tells.
// The time is there only if it is proven.
func signerValues(list []verify.Signer) []any {
	out := make([]any, len(list))
	for i, s := range list {
		v := map[string]any{"holder": s.Holder, "roles": append([]string{}, s.Roles...)}
		put := func(name, value string) {
			if value != "" {
				v[name] = value
			}
		}
		put("name", s.Name)
		put("keyId", s.KeyID)
		put("tenant", s.Tenant)
		if s.Certificate != nil {
			put("identity", s.Certificate.Identity)
			put("issuer", s.Certificate.Issuer)
		}
		if s.Time != nil && s.Time.Proven {
			v["time"] = s.Time.At
		}
		out[i] = v
	}
	return out
}
