namespace OpenVdi.Testing;

/// <summary>Ties a test to a row of docs/spec/vdi.md: <c>[Spec("C9/Active")]</c> is row C9, its column Active.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class SpecAttribute : Attribute
{
    /// <summary>A citation of a row, or of one cell of it.</summary>
    public SpecAttribute(string citation)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(citation);
        Citation = citation;
    }

    /// <summary>The citation as written.</summary>
    public string Citation { get; }

    /// <summary>The row: what stands before the slash.</summary>
    public string RowId => Citation.Split('/')[0];

    /// <summary>The column, or null when the citation means the whole row.</summary>
    public string? Cell => Citation.Split('/', 2) is [_, string cell] ? cell : null;
}
