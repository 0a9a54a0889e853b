using Microsoft.CodeAnalysis;

namespace OpenVdi.Tidy.Tests;

/// <summary>What the package promises, compared with the list that was agreed. To change the list on purpose:
/// OPENVDI_UPDATE_BASELINE=1 ./test Tidy --filter PublicApi</summary>
public sealed class PublicApiTests
{
    private const string Baseline = "src/OpenVdi/PublicApi.txt";

    private static readonly SymbolDisplayFormat s_format = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters
            | SymbolDisplayGenericsOptions.IncludeTypeConstraints,
        memberOptions: SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters
            | SymbolDisplayMemberOptions.IncludeModifiers | SymbolDisplayMemberOptions.IncludeConstantValue
            | SymbolDisplayMemberOptions.IncludeRef,
        kindOptions: SymbolDisplayKindOptions.IncludeTypeKeyword | SymbolDisplayKindOptions.IncludeMemberKeyword,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeParamsRefOut | SymbolDisplayParameterOptions.IncludeDefaultValue,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    [Fact]
    public void Library_PromisesWhatTheBaselineSays()
    {
        string[] actual = [.. Describe(Path.Combine(AppContext.BaseDirectory, "OpenVdi.dll"))];
        if (Environment.GetEnvironmentVariable("OPENVDI_UPDATE_BASELINE") == "1")
        {
            File.WriteAllText(Tree.PathOf(Baseline), string.Join('\n', actual) + "\n");
        }

        string[] agreed = File.Exists(Tree.PathOf(Baseline)) ? File.ReadAllLines(Tree.PathOf(Baseline)) : [];
        Findings.AssertNone(
            Compare(agreed, actual),
            $"differences from {Baseline} (HINT: OPENVDI_UPDATE_BASELINE=1 ./test Tidy --filter PublicApi, and a line in "
                + "changelog/unreleased)");
    }

    [Fact]
    public void Compare_OfAChangedMember_ReportsBothSides() =>
        Assert.Equal(["- int A.B()", "+ long A.B()"], Compare(["int A.B()", "int A.C()"], ["long A.B()", "int A.C()"]));

    private static IEnumerable<string> Compare(string[] agreed, string[] actual) =>
        agreed.Except(actual).Select(line => $"- {line}").Concat(actual.Except(agreed).Select(line => $"+ {line}"));

    private static IEnumerable<string> Describe(string assembly)
    {
        PortableExecutableReference library = MetadataReference.CreateFromFile(assembly);
        var compilation = SourceModel.Compile([], [library]);
        var symbol = (IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(library)!;
        return Types(symbol.GlobalNamespace).Where(IsPromised)
            .SelectMany(type => Lines(type))
            .Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Lines(INamedTypeSymbol type)
    {
        string bases = string.Join(", ", type.Interfaces.Prepend(type.BaseType)
            .Where(other => other?.SpecialType is not (null or SpecialType.System_Object or SpecialType.System_ValueType
                or SpecialType.System_Enum))
            .Select(other => other!.ToDisplayString(s_format)).Order(StringComparer.Ordinal));
        string sort = type switch
        {
            { IsStatic: true } => "static ",
            { IsAbstract: true, TypeKind: TypeKind.Class } => "abstract ",
            { IsSealed: true, TypeKind: TypeKind.Class } => "sealed ",
            _ => "",
        };
        yield return $"{type.ToDisplayString(s_format)}: {sort}{(type.IsRecord ? "record " : "")}{bases}".TrimEnd(' ', ':');
        foreach (ISymbol member in type.GetMembers().Where(IsPromised))
        {
            if (IsWritten(member))
            {
                yield return $"{type.ToDisplayString(s_format).Split(' ')[^1]}: {member.ToDisplayString(s_format)}";
            }
        }
    }

    // Not an accessor, which its property stands for, nor what the compiler made under a name that nobody can write.
    private static bool IsWritten(ISymbol member) => member switch
    {
        INamedTypeSymbol or IMethodSymbol { AssociatedSymbol: not null } => false,
        IMethodSymbol { MethodKind: MethodKind.Constructor or MethodKind.UserDefinedOperator or MethodKind.Conversion } => true,
        IPropertySymbol { IsIndexer: true } => true,
        _ => member.CanBeReferencedByName,
    };

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceOrTypeSymbol within) => within.GetMembers()
        .SelectMany(member => member switch
        {
            INamespaceSymbol inner => Types(inner),
            INamedTypeSymbol type => Types(type).Prepend(type),
            _ => [],
        });

    private static bool IsPromised(ISymbol symbol) => symbol.DeclaredAccessibility
        is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal
        && (symbol.ContainingType is null || IsPromised(symbol.ContainingType));
}
