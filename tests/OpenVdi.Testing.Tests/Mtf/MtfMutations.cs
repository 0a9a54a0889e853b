using System.Reflection;
using OpenVdi.Testing.Mtf;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>One change of a valid medium, the rule that it breaks, and the thing that the violation must name.</summary>
internal sealed record MtfMutation(string Rule, string Subject, Func<Medium> Make);

/// <summary>Media that break one rule each: at least one for every rule there is.</summary>
internal static partial class MtfMutations
{
    private static readonly Dictionary<MtfRule, string> s_names = typeof(MtfRules)
        .GetFields(BindingFlags.Static | BindingFlags.Public)
        .ToDictionary(field => (MtfRule)field.GetValue(null)!, field => field.Name);

    public static IReadOnlyList<MtfMutation> All { get; } =
    [
        .. Conventions(), .. Shapes(), .. Spans(), .. Headers(), .. Tapes(), .. Sets(), .. Trees(), .. Filemarks(), .. Streams(),
        .. Sums(), .. Maps(),
    ];

    public static IEnumerable<string> RuleNames => s_names.Values;

    public static string NameOf(MtfRule rule) => s_names[rule];

    private static MtfMutation Of(string rule, string subject, Action<Medium> change) =>
        From(() => SampleMedium.Create(), rule, subject, change);

    private static MtfMutation From(Func<Medium> valid, string rule, string subject, Action<Medium> change) =>
        new(rule, subject, () =>
        {
            Medium medium = valid();
            change(medium);
            return medium;
        });

    private static MtfMutation Cut(string rule, string subject, Func<byte[], int> length) => Of(rule, subject,
        medium => medium.Finish = bytes => bytes[..length(bytes)]);
}
